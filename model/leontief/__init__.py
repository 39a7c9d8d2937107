"""The Leontief engine: operators, iterations, factors and certificates behind `model.solve`."""
