// Every entry of the package is imported whole, so that every declaration that it reaches is checked.
export * as compozy from "compozy"
export * as testing from "compozy/testing"
export * as redis from "compozy/embedded/redis"
export * as temporal from "compozy/embedded/temporal"
