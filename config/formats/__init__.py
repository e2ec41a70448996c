"""How dates and times are written where Django or the admin writes them by itself."""
