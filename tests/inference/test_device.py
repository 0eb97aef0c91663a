"""Where it computes, chosen and said, with a graphics card and without."""

from __future__ import annotations

import pytest
import torch

from chromamol.errors import CallError
from chromamol.inference.device import choose_device, describe_device, is_worth_a_card


@pytest.fixture
def card(monkeypatch):
    def has(there: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
        monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Card 9")

    return has


@pytest.mark.parametrize(
    ("there", "wanted", "side_px", "found"),
    [
        (True, "auto", 1024, ("cuda", "the graphics card Card 9")),
        (True, "auto", 1023, ("cpu", "the graphics card is for nuclei of a million pixels")),
        (True, "cuda", 8, ("cuda", "the graphics card Card 9")),
        (True, "cpu", 1024, ("cpu", "(as chosen)")),
        (False, "auto", 1024, ("cpu", "no CUDA graphics card was found")),
        (False, "cpu", 8, ("cpu", "(as chosen)")),
    ],
)
def test_what_is_used_and_why(card, there, wanted, side_px, found):
    card(there)
    kind, words = found
    worth_a_card = is_worth_a_card("weak-form", side_px**2)
    assert choose_device(wanted, worth_a_card=worth_a_card).type == kind
    assert words in describe_device(wanted, worth_a_card=worth_a_card)


def test_a_card_that_is_not_there_is_refused(card):
    card(False)
    with pytest.raises(CallError, match="set device to 'auto' or 'cpu'"):
        choose_device("cuda", worth_a_card=True)


def test_a_device_that_does_not_exist_is_not_taken_for_the_processor(card):
    card(True)
    with pytest.raises(CallError, match=r"There is no 'tpu'. Choose one of auto, cpu, cuda"):
        choose_device("tpu", worth_a_card=False)


def test_a_network_is_worth_a_card_at_any_size():
    assert is_worth_a_card("network", 64)
    assert not is_worth_a_card("direct", 64)
