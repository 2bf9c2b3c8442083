"""One view a question; each is given frames and draws them, and knows neither engine nor file."""
