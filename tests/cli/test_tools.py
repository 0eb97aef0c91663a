"""``doctor``, ``simulate`` and ``benchmark``: what they print, and how they fail."""

from __future__ import annotations

import pandas as pd


def test_doctor_finds_a_rate_that_is_known(cli) -> None:
    done = cli("doctor")
    assert done.exit_code == 0, done.stderr
    assert "Self-test:  a known rate was found within" in done.stdout
    assert "processor threads" in done.stdout
    assert "napari:" in done.stdout


def test_doctor_says_when_results_are_wrong(cli, monkeypatch) -> None:
    from chromamol.inference import infer

    def wrong(*args: object, **kwargs: object) -> object:
        found = sound(*args, **kwargs)
        found.rate[...] *= 1.5
        return found

    sound = infer.infer_rates
    monkeypatch.setattr(infer, "infer_rates", wrong)
    done = cli("doctor")
    assert done.exit_code == 1
    assert "Do not trust" in done.stderr


def test_doctor_says_how_to_get_the_window(cli, monkeypatch) -> None:
    monkeypatch.setattr("chromamol.cli.doctor.util.find_spec", lambda _name: None)
    assert "pip install 'chromamol[gui]'" in " ".join(cli("doctor").stdout.split())


def test_benchmark_prints_its_table(cli, monkeypatch, tmp_path) -> None:
    asked = {}

    def accuracy(out_dir, quick, progress):
        asked.update(out_dir=out_dir, quick=quick)
        case = {"box": "masked", "field": "smooth", "estimator": "direct", "noise": 0.05}
        return pd.DataFrame([case | {"seeds": 1, "relative_l2": 0.018, "r": 0.9}])

    monkeypatch.setattr("chromamol.benchmarks.accuracy.accuracy", accuracy)
    done = cli("benchmark", "accuracy", "--quick", "-o", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert asked == {"out_dir": tmp_path, "quick": True}
    assert "| masked | smooth | direct | 0.0180 (0.900) |" in done.stdout


def test_benchmark_of_a_large_image(cli) -> None:
    done = cli("benchmark", "large", "--side", 128)
    assert done.exit_code == 0, done.stderr
    image, _, _, relative_l2 = done.stdout.splitlines()[2].strip("| ").split(" | ")
    assert image == "128 x 128"
    assert float(relative_l2) < 0.03


def test_simulate_says_what_it_wrote_and_refuses_what_it_cannot(cli, monkeypatch, tmp_path) -> None:
    def simulate_nucleus(out, *, field, noise, seed, overwrite, progress):
        path = out.with_name(f"{out.name}.ome.tif")
        path.write_text(f"{field} {noise} {seed} {overwrite}", encoding="utf-8")
        return [path]

    monkeypatch.setattr("chromamol.simulation.simulate_nucleus", simulate_nucleus)
    asked = ("--field", "spots", "--noise", 0.1, "--seed", 3, "--overwrite")
    done = cli("simulate", "-o", tmp_path / "cell.tif", *asked)
    assert done.exit_code == 0, done.stderr
    written = tmp_path / "cell.ome.tif"
    assert written.read_text(encoding="utf-8") == "spots 0.1 3 True"
    assert str(written) in done.stdout.replace("\n", "")

    nowhere = cli("simulate", "-o", tmp_path / "cell.ome.tif" / "cell")
    assert nowhere.exit_code == 2
    assert "cannot be written" in nowhere.stderr
    assert cli("simulate", "-o", tmp_path / "x", "--noise", -1).exit_code == 2
