"""What the agent keeps until the server has it: readings, boots, time fixes. Knows no driver, no link and no money."""
