"""The embedded China case of the map: cities, links, loader."""
