"""Do the intervals hold, does the threshold rule keep its word, and what does it cost?"""
