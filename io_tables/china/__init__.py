"""The embedded China case of the economy: tables, groupings, loader."""
