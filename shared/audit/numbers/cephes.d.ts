/** The part of the package in use. Its own declarations are not listed in its `exports`, so TypeScript cannot see them. */
declare module 'cephes' {
  /** Settles when the functions below can be called. */
  export const compiled: Promise<void>;
  /** P(X <= k) of a binomial X of n trials that succeed with probability p; 0 <= k <= n. */
  export function bdtr(k: number, n: number, p: number): number;
  /** P(X > k) of the same, to full precision where it is small; -1 <= k <= n. */
  export function bdtrc(k: number, n: number, p: number): number;
  /** The p-quantile of the beta distribution with shapes a and b. */
  export function incbi(a: number, b: number, p: number): number;
  /** P(K > x) of Kolmogorov's distribution, the limit of sqrt(n) times the greatest difference. */
  export function kolmogorov(x: number): number;
  /** ln |Gamma(x)| */
  export function lgam(x: number): number;
  /** P(Z <= z) of a standard normal Z. */
  export function ndtr(z: number): number;
  /** The p-quantile of the standard normal distribution. */
  export function ndtri(p: number): number;
  /** The p-quantile of Student's t distribution with k degrees of freedom. */
  export function stdtri(k: number, p: number): number;
}
