/** How the shipped Prometheus and Alertmanager files are timed: `plan` promises with the same numbers. */

/** Of the daemon's job, and of every rule group: a page waits for at most one of each. */
export const SCRAPE_SECONDS = 5;
export const EVALUATION_SECONDS = 5;
/** How long Alertmanager gathers what belongs into one page: so long that all that a fault brings is there. */
export const GROUP_WAIT_SECONDS = 10;
/** How long Prometheus must miss the daemon itself: longer than a restart takes. */
export const DOWN_SECONDS = 60;
// Prometheus to Alertmanager to receiver, on a good day; an evaluation that begins late.
const DELIVERY_SECONDS = 2;

/** From the moment the daemon is sure of a fault to the page, at the worst. */
export const pagingDelaySeconds = (): number => SCRAPE_SECONDS + EVALUATION_SECONDS + GROUP_WAIT_SECONDS + DELIVERY_SECONDS;

/** From the daemon's death to the page, at the worst: what is waited for ends between two evaluations. */
export const goneDelaySeconds = (): number => DOWN_SECONDS + EVALUATION_SECONDS + pagingDelaySeconds();
