"""What Lambda needs around the app: events, logs and metrics, cold starts, snapshots."""
