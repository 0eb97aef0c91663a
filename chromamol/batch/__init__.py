"""Folders of images: find them, analyse each, and gather their tables."""

from chromamol.batch.plan import Plan, plan_batch
from chromamol.batch.run import run_batch
from chromamol.batch.task import Ended, Status, Task

__all__ = ["Ended", "Plan", "Status", "Task", "plan_batch", "run_batch"]
