"""Users' ratings outside of an artifact's database: what DynamoDB's import makes a table of."""
