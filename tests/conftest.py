"""Property tests try the same examples in every run; fresh ones are hunted with `make hunt`."""

from hypothesis import settings

settings.register_profile("settled", derandomize=True, database=None)
settings.register_profile("hunt", print_blob=True)
settings.load_profile("settled")
