/** The steps of the wizard, in order. */
export const steps = ['file', 'found', 'mapping', 'options', 'check'] as const

export type Step = (typeof steps)[number]

export interface WizardSearch {
  step?: Step
}

/** Reads what the address says; anything else says nothing. */
export const wizardSearch = (search: Record<string, unknown>): WizardSearch => ({
  step: steps.find((s) => s === search.step),
})
