"""Longitude and latitude to a flat map whose areas are right.

Owns the question "where on the page does a place lie?". Albers equal-area conic projection fitted
to the extent of the data; cylindrical equal-area (Lambert) where the extent straddles the equator
evenly, which is the conic's limit. An extent across the 180th meridian is not handled.

- `Projection`: the fitted projection; call it with longitudes and latitudes.
- `fit_projection`: fit it to points.

Formula (Snyder 1987, Map Projections: A Working Manual, pp. 98-103, sphere of radius one; phi
latitude, lambda longitude in radians, phi1 and phi2 a sixth of the extent inside its ends):
n = (sin phi1 + sin phi2)/2, C = cos^2 phi1 + 2 n sin phi1, rho = sqrt(C - 2 n sin phi)/n,
x = rho sin(n (lambda - lambda0)), y = rho0 - rho cos(n (lambda - lambda0)).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Projection", "fit_projection"]

FLATTEST = 1e-3  # |n| below which the cone is taken as a cylinder


@dataclass(frozen=True)
class Projection:
    """An equal-area projection: standard parallels and origin, in radians."""

    parallel_1: float
    parallel_2: float
    latitude_0: float
    longitude_0: float

    def __call__(
        self, lon: ArrayLike, lat: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Project degrees of longitude and latitude to map coordinates (sphere of radius one)."""
        lam = np.radians(np.asarray(lon, dtype=np.float64)) - self.longitude_0
        phi = np.radians(np.asarray(lat, dtype=np.float64))
        n = (np.sin(self.parallel_1) + np.sin(self.parallel_2)) / 2
        if abs(n) < FLATTEST:
            width = np.cos(self.parallel_1)
            return lam * width, (np.sin(phi) - np.sin(self.latitude_0)) / width
        c = np.cos(self.parallel_1) ** 2 + 2 * n * np.sin(self.parallel_1)
        rho = np.sqrt(np.maximum(c - 2 * n * np.sin(phi), 0.0)) / n
        rho_0 = np.sqrt(max(c - 2 * n * np.sin(self.latitude_0), 0.0)) / n
        return rho * np.sin(n * lam), rho_0 - rho * np.cos(n * lam)


def fit_projection(lon: ArrayLike, lat: ArrayLike) -> Projection:
    """Fit the projection to points: standard parallels a sixth inside the extent.

    Parameters
    ----------
    lon, lat
        Degrees, shape (points,).
    """
    west, east = float(np.min(lon)), float(np.max(lon))
    south, north = float(np.min(lat)), float(np.max(lat))
    sixth = (north - south) / 6
    degrees = (south + sixth, north - sixth, (south + north) / 2, (west + east) / 2)
    return Projection(*(float(np.radians(value)) for value in degrees))
