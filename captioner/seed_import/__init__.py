"""The 2021 system's files, turned into a checkpoint folder."""
