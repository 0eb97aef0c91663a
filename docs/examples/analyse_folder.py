"""All images of a folder, as ``chromamol batch`` analyses them."""

import sys

from chromamol import Settings
from chromamol.batch import Status, plan_batch, run_batch


def main(folder: str, results: str) -> None:
    plan = plan_batch(folder, results)
    for ended in run_batch(plan, Settings(reaction_length_nm=140.0), workers=1):
        print(ended.name, ended.status, ended.reason if ended.status is not Status.OK else "")


# Each worker imports this file again: what is not below this line would run there, too.
if __name__ == "__main__":
    main(*sys.argv[1:])
