"""The physical kiosk: sun, weather, battery, loads and customers; knows no protocol and no fault schedule."""
