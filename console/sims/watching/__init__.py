"""Which SIMs an organization watches: asked for by ICCID, stopped and begun again; and asking 1NCE anew on demand."""
