"""``doctor``, ``simulate`` and ``benchmark``: what they print, and how they fail."""

from __future__ import annotations

import pandas as pd


def test_doctor_finds_a_rate_that_is_known(cli) -> None:
    done = cli("doctor")
    assert done.exit_code == 0, done.stderr
    assert "Self-test:  a known rate was found within" in done.stdout
    assert "Computing:  on the " in done.stdout
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


def test_benchmark_of_coverage_prints_its_table(cli, monkeypatch, tmp_path) -> None:
    asked = {}

    def coverage(out_dir, quick, progress):
        asked.update(out_dir=out_dir, quick=quick)
        cell = {"box": "masked", "field": "spots", "noise": 0.1, "part": "pixels", "draws": 40}
        return pd.DataFrame([cell | {"intervals": 900, "covered": 0.941, "width": 0.12}])

    monkeypatch.setattr("chromamol.benchmarks.coverage.coverage", coverage)
    done = cli("benchmark", "coverage", "--quick", "-o", tmp_path)
    assert done.exit_code == 0, done.stderr
    assert asked == {"out_dir": tmp_path, "quick": True}
    assert "| masked | spots | 10 % | 40 | 94.1 % (0.12) |" in done.stdout


def test_benchmark_of_scaling_measures_the_sizes_that_are_asked_for(cli, monkeypatch) -> None:
    asked = []

    def scaling(out_dir, *, sides_px, masked_sides_px, device, progress):
        asked.append((out_dir, tuple(sides_px), tuple(masked_sides_px), device))
        cost = {"box": "periodic", "side_px": 256, "pixels": 65536, "seconds": 1.5}
        return pd.DataFrame(
            [
                cost
                | {"peak_mb": 10.0, "float64_images": 19.1, "relative_l2": 0.012}
                | {"bandwidth_share": float("nan")}
            ]
        )

    monkeypatch.setattr("chromamol.benchmarks.scaling.scaling", scaling)
    done = cli("benchmark", "scaling", "--side", 256, "--side", 512)
    assert done.exit_code == 0, done.stderr
    assert (
        "| periodic | 256 x 256 | 65536 | 1.5 | 10 MB, 19.1 images | 0.0120 |\n\nMeasured on: "
        in done.stdout
    )
    cli("benchmark", "scaling", "--masked-side", 384)
    cli("benchmark", "scaling")
    everything = ((256, 512, 1024, 2048, 4096), (512, 1024))
    assert asked == [
        (None, (256, 512), (), "cpu"),
        (None, (), (384,), "cpu"),
        (None, *everything, "cpu"),
    ]


def test_benchmark_of_a_size_that_does_not_fit_is_refused(cli) -> None:
    done = cli("benchmark", "scaling", "--side", 200)
    assert done.exit_code == 2
    assert "multiple of 128, not 200" in done.stderr


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
