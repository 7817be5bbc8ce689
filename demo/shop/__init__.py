"""An online shop with three hundred customers: its people, its purchases, and the features made of them."""
