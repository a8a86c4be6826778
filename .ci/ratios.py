"""Prints what became slower or faster by more than a tenth, where all runs agree.

usage: ratios.py BEFORE AFTER RUNS, with two folders of criterion's that hold the baselines run1, run2, ...
"""

import json
import sys
from pathlib import Path

BEYOND = 1.1


def times(folder, run):
    """The median time of each bench, by its name."""
    found = {}
    for benchmark in Path(folder).glob(f"**/run{run}/benchmark.json"):
        estimates = json.loads((benchmark.parent / "estimates.json").read_text())
        found[json.loads(benchmark.read_text())["full_id"]] = estimates["median"]["point_estimate"]
    return found


def agreed(ratios):
    """The ratio nearest to 1, if all lie beyond the bound on the same side; else None."""
    if min(ratios) > BEYOND:
        return min(ratios)
    if max(ratios) < 1 / BEYOND:
        return max(ratios)
    return None


def main(before, after, runs):
    pairs = [(times(before, run), times(after, run)) for run in range(1, runs + 1)]
    names = set.intersection(*({*old} & {*new} for old, new in pairs))
    if not names:
        sys.exit("the two have no bench in common")
    changed = {}
    for name in sorted(names):
        ratios = [new[name] / old[name] for old, new in pairs]
        if (ratio := agreed(ratios)) is not None:
            changed[name] = (ratio, ratios)
    print(f"{len(names)} benches, {len(changed)} of them beyond {BEYOND} in all {runs} runs")
    if changed:
        print("\n| bench | ratio | runs |\n|---|---|---|")
    for name, (ratio, ratios) in changed.items():
        print(f"| {name} | {ratio:.2f} | {', '.join(f'{one:.2f}' for one in ratios)} |")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
