"""The columns of nuclei.csv about the rate map."""

from __future__ import annotations

from chromamol.results.sources import (
    BY_DISTANCE,
    MEAN_SD,
    MODEL,
    OF_THE_MEAN,
    OURS,
    POSTERIOR,
    RATE_UNIT,
    SHELL_COUNT,
    SHELLS,
    STANDARD,
    Declaration,
    shell,
)

_LAMBDA = (
    "mean of lambda; lambda e = h + ell^2 lap(e + chi h / 2 - delta^2 lap e); of one mark u: "
    "s / gamma = u - ell^2 lap u"
)
_INTERVAL = (
    "interval of rate_mean by the posterior covariance, Gaussian in the logarithm. Empty where the "
    "method gives none, and of relative maps, whose mean is 1 by definition."
)

RATE_COLUMNS: tuple[Declaration, ...] = (
    (
        "rate_mean",
        RATE_UNIT,
        "Mean of the rate map over the pixels that have a rate.",
        _LAMBDA,
        MODEL,
    ),
    (
        "rate_mean_sd",
        RATE_UNIT,
        f"{OF_THE_MEAN} Where a map is divided by its average, the mean is 1 and this is 0.",
        MEAN_SD,
        POSTERIOR,
    ),
    (
        "rate_mean_low",
        RATE_UNIT,
        f"Lower end of the 95 % {_INTERVAL}",
        "rate_mean * exp(-1.96 rate_mean_sd / rate_mean)",
        OURS,
    ),
    (
        "rate_mean_high",
        RATE_UNIT,
        f"Upper end of the 95 % {_INTERVAL}",
        "rate_mean * exp(1.96 rate_mean_sd / rate_mean)",
        OURS,
    ),
    (
        "rate_median",
        RATE_UNIT,
        "Median of the rate map over the pixels that have a rate.",
        "50th percentile of lambda",
        STANDARD,
    ),
    (
        "rate_iqr_low",
        RATE_UNIT,
        "First quartile of the rate map: a quarter of the pixels is lower.",
        "25th percentile of lambda",
        STANDARD,
    ),
    (
        "rate_iqr_high",
        RATE_UNIT,
        "Third quartile of the rate map: a quarter of the pixels is higher.",
        "75th percentile of lambda",
        STANDARD,
    ),
    (
        "rate_sd_median",
        RATE_UNIT,
        "Median of the uncertainty map: the posterior standard deviation of a typical pixel.",
        "50th percentile of the posterior standard deviation of lambda",
        POSTERIOR,
    ),
    (
        "rate_sd_of_map",
        RATE_UNIT,
        "Standard deviation of the rate map from pixel to pixel.",
        "sqrt(mean of (lambda - rate_mean)^2)",
        STANDARD,
    ),
    (
        "rate_area_fraction",
        "",
        "Share of the area with chromatin that has a rate.",
        "pixels with a rate / pixels",
        OURS,
    ),
    (
        "rate_rim_mean",
        RATE_UNIT,
        f"Mean of the rate map over the outer third of the nuclear area {BY_DISTANCE}",
        "mean of lambda where the distance to the rim is below its first tertile",
        SHELLS,
    ),
    ("rate_rim_mean_sd", RATE_UNIT, OF_THE_MEAN, MEAN_SD, POSTERIOR),
    (
        "rate_centre_mean",
        RATE_UNIT,
        f"Mean of the rate map over the inner third of the nuclear area {BY_DISTANCE}",
        "mean of lambda where the distance to the rim is above its second tertile",
        SHELLS,
    ),
    ("rate_centre_mean_sd", RATE_UNIT, OF_THE_MEAN, MEAN_SD, POSTERIOR),
    *(
        (
            f"rate_shell_{number}_mean",
            RATE_UNIT,
            f"Mean of the rate map over {shell(number)}, {BY_DISTANCE}",
            f"mean of lambda where the distance to the rim is between its quantiles "
            f"{(number - 1) / SHELL_COUNT:g} and {number / SHELL_COUNT:g}",
            SHELLS,
        )
        for number in range(1, SHELL_COUNT + 1)
    ),
)
