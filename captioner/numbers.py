"""How numbers are written: one rule for the page, the report and the tables. The browser's scripts follow it.

They are written as in English, and said on the page with the marks of the visitor's language: each is a
`captioner.sentence.Number`.
"""

from typing import Any

import numpy as np

from captioner.sentence import Number

MAP_DECIMALS = 8  # of a map in files and answers of the API
SHOWN_DECIMALS = 6  # of a map that is drawn


def plain_map(cells: np.ndarray, decimals: int = MAP_DECIMALS) -> list[Any]:
    """A map as nested lists for JSON: to 8 decimals what its cells sum to changes by less than 1e-5.

    The rounding is one of float64: a rounded float32 has as many digits as before when JSON writes it.

    >>> plain_map(np.float32([[0.1, 1e-12]]))
    [[0.1, 0.0]]
    """
    rounded: list[Any] = np.round(cells.astype(np.float64), decimals).tolist()
    return rounded


def percent(share: float) -> Number:
    """A share 0..1 in whole per cent; what is neither none nor all is never written as 0% or 100%.

    >>> [percent(share) for share in (0, 0.004, 0.007, 0.5, 0.996, 1)]
    ['0%', '<1%', '1%', '50%', '>99%', '100%']
    """
    if 0 < share < 0.005:
        return Number("<1%")
    if 0.995 <= share < 1:
        return Number(">99%")
    return Number(f"{share:.0%}")


def decimal(value: float, digits: int = 2) -> Number:
    """A number with a true minus sign, and none before what rounds to zero.

    >>> [decimal(value) for value in (0.126, -0.5, -0.001)]
    ['0.13', '−0.50', '0.00']
    """
    text = f"{value:.{digits}f}"
    return Number(text.lstrip("-") if not float(text) else text.replace("-", "\u2212"))


def p_value(p: float) -> Number:
    """A p value: two decimals, three below 0.1, as many as its size needs and never 0.

    >>> [p_value(p) for p in (0.5, 0.049, 0.01, 0.0004)]
    ['0.50', '0.049', '0.010', '<0.001']
    """
    if p < 0.001:
        return Number("<0.001")
    return Number(f"{p:.3f}" if p < 0.1 else f"{p:.2f}")
