"""The simulated devices: what each prints and answers, byte for byte; knows no plant and nothing of the agent."""
