/** Raised when a program that reads our JSON documents would have to change. New members do not raise it. */
export const FORMAT_VERSION = 1;
