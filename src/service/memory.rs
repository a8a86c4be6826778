//! The memory of this process.

/// Gives memory that is not in use back to the operating system; blocks for some milliseconds.
///
/// glibc keeps what a crowd of clients used, since small pieces of it lie between large ones that are free. Other
/// allocators do this by themselves.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[expect(
        unsafe_code,
        reason = "malloc_trim may be called at any time, from any thread, with any argument"
    )]
    unsafe {
        nix::libc::malloc_trim(0);
    }
}
