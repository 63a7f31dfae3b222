"""The agent on a kiosk's computer: reads devices, signs money, keeps both until the server has them."""
