"""A face becomes arrays: measures, coordinates, expression scores, crops, line images."""
