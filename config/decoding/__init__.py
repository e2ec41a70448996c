"""The child process of ``config.uploads``: decodes what is not ours. Imports nothing of ours but itself."""
