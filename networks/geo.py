"""How far apart two points are, and how wide a place is.

Public names
------------
great_circle_km : kilometres between points on the sphere
own_radius_km : mean way inside a place of a given area, straight

Formula
-------
Haversine on a sphere of radius 6371.0088 km (mean radius of the Earth, IUGG). The mean distance of
a point in a disc from its centre is 2/3 of the radius, so (2/3) sqrt(area / pi) km.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

EARTH_RADIUS_KM = 6371.0088


def great_circle_km(
    lon_a: ArrayLike, lat_a: ArrayLike, lon_b: ArrayLike, lat_b: ArrayLike
) -> NDArray[np.float64]:
    """Return great-circle distances in km; arguments in degrees broadcast against each other."""
    lon_1, lat_1, lon_2, lat_2 = (
        np.radians(np.asarray(v, dtype=np.float64)) for v in (lon_a, lat_a, lon_b, lat_b)
    )
    h = (
        np.sin((lat_2 - lat_1) / 2) ** 2
        + np.cos(lat_1) * np.cos(lat_2) * np.sin((lon_2 - lon_1) / 2) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0.0, 1.0))))


def own_radius_km(area_km2: ArrayLike) -> NDArray[np.float64]:
    """Return (2/3) sqrt(area / pi) in km, the mean way to the middle of a disc of that area."""
    return np.asarray(2 / 3 * np.sqrt(np.asarray(area_km2, dtype=np.float64) / np.pi))
