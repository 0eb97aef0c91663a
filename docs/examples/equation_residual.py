"""What an equation leaves of fields, and the rate that leaves nothing."""

import torch

from chromamol import MollifierLayer
from chromamol.inverse_problems import chromatin_problem

problem = chromatin_problem(seed=0)
heterochromatin, euchromatin = (torch.tensor(field)[None, None] for field in problem.fields)
rate = torch.tensor(problem.rate)
equation = problem.equation

layer = MollifierLayer(problem.spacing, 3, equation.derivatives, boundary="one-sided")
h, e = layer(heterochromatin), layer(euchromatin)
residual = equation.residual(h, e, rate)
recovered = equation.recover(h, e)

scale = (rate * e[""]).abs().mean()
error = (recovered - rate).norm() / rate.norm()
print(f"residual {residual.abs().mean() / scale:.4f} of lambda e; error of lambda {error:.4f}")
