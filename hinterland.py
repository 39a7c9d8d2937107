"""hinterland: who gains, where and through which sectors, when a growth pole grows or a corridor opens."""
