"""What settings.py is put together from. Plain values, one subject a file."""
