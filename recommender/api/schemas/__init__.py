"""What comes in and goes out over HTTP: FastAPI checks, writes and documents it from here."""
