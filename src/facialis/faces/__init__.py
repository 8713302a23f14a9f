"""A picture becomes a face: reading pictures, finding landmarks, geometry, fitness to be judged."""
