"""Networks that solve inverse problems: fields by a backbone, their rate as a smooth field."""

from chromamol.inference.network.problem import NetworkProblem
from chromamol.inference.network.solve import NetworkSolution, solve_by_network
from chromamol.inference.network.training import Budget, Ending

__all__ = ["Budget", "Ending", "NetworkProblem", "NetworkSolution", "solve_by_network"]
