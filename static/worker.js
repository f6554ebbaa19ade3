// A worker: the same program, which measures sweeps where it finds no page.
import start from "./rangewalk.js";

start();
