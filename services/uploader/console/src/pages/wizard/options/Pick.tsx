import { Radio, Stack } from '@mantine/core'

/** Chooses one of a few ways, each of which is said in words. */
export function Pick<T extends string>({
  label,
  description,
  options,
  value,
  error,
  disabled,
  onChange,
}: {
  label: string
  description?: string
  options: Record<T, string>
  value: T
  error?: string
  disabled?: T[]
  onChange: (value: T) => void
}) {
  return (
    <Radio.Group
      label={label}
      description={description}
      value={value}
      onChange={(v) => onChange(v as T)}
      error={error}
      miw={260}
      style={{ flex: '1 1 45%' }}
    >
      <Stack gap={6} mt={6}>
        {(Object.entries(options) as [T, string][]).map(([key, said]) => (
          <Radio key={key} value={key} label={said} disabled={disabled?.includes(key)} />
        ))}
      </Stack>
    </Radio.Group>
  )
}
