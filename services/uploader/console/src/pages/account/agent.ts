/** What people call a browser and its system, out of what it calls itself; undefined for what is no browser. */
export function browserOf(agent: string): { browser: string; system: string } | undefined {
  const first = (names: [RegExp, string][]) => names.find(([pattern]) => pattern.test(agent))?.[1]
  const browser = first([
    [/Edg(e|A|iOS)?\//, 'Edge'],
    [/(Firefox|FxiOS)\//, 'Firefox'],
    [/(HeadlessChrome|Chrome|CriOS)\//, 'Chrome'],
    [/Version\/.*Safari\//, 'Safari'],
  ])
  const system = first([
    [/iPhone/, 'iPhone'],
    [/iPad/, 'iPad'],
    [/Android/, 'Android'],
    [/Windows/, 'Windows'],
    [/Mac OS X/, 'Mac'],
    [/Linux/, 'Linux'],
  ])
  return browser && system ? { browser, system } : undefined
}
