/** The span over which the speed is measured, in milliseconds. */
const span = 12_000

/** Pace tells how fast something grows of late. */
export class Pace {
  private marks: { at: number; value: number }[] = []

  /** Notes the value of now. */
  note(value: number, at = performance.now()) {
    this.marks.push({ at, value })
    while (this.marks.length > 2 && at - (this.marks[0]?.at ?? at) > span) this.marks.shift()
  }

  /** Forgets what was, so that a standstill does not count. */
  restart() {
    this.marks = []
  }

  /** Growth per second; null where it cannot be told yet. */
  get rate(): number | null {
    const first = this.marks[0]
    const last = this.marks.at(-1)
    if (!first || !last || last.at - first.at < 1_000) return null
    return Math.max(0, ((last.value - first.value) / (last.at - first.at)) * 1000)
  }
}
