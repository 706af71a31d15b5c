/** The part of the package in use. Its own declarations are not listed in its `exports`, so TypeScript cannot see them. */
declare module 'cephes' {
  /** Settles when the functions below can be called. */
  export const compiled: Promise<void>;
  /** The p-quantile of the beta distribution with shapes a and b. */
  export function incbi(a: number, b: number, p: number): number;
  /** The p-quantile of the standard normal distribution. */
  export function ndtri(p: number): number;
}
