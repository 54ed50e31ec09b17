import { Grid, NumberInput, Radio, Select, Stack } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import type { Schemas } from '@/api/client'
import { useWords } from '@/lang/lang'
import type { Reading } from '../draft'
import { refusalOf } from '../refused'
import type { SetReading } from './Found'
import { words } from './words'

/** Delimiter, sheet and header. */
export function Layout({
  inspection,
  read,
  refused,
}: {
  inspection: Schemas['Shown']
  reading: Reading
  read: SetReading
  refused: Schemas['ProblemPart'][]
}) {
  const w = useWords(words)
  const sheets = inspection.sheets ?? []
  const hidden = inspection.hidden_sheets ?? []
  const row = useDebouncedCallback((n: number) => read({ header_row: n, no_header: undefined }), 500)
  const delimiters = Object.entries(w.delimiters).map(([value, label]) => ({ value, label }))
  if (inspection.delimiter && !w.delimiters[inspection.delimiter]) {
    delimiters.push({ value: inspection.delimiter, label: inspection.delimiter })
  }
  return (
    <Grid gap="lg">
      {inspection.format === 'csv' && (
        <Grid.Col span={{ base: 12, sm: 4 }}>
          <Select
            label={w.delimiter}
            data={delimiters}
            value={inspection.delimiter}
            onChange={(d) => d && read({ delimiter: d === '\t' ? 'tab' : d })}
            allowDeselect={false}
            error={refusalOf(refused, 'delimiter')}
          />
        </Grid.Col>
      )}
      {sheets.length > 0 && (
        <Grid.Col span={{ base: 12, sm: 4 }}>
          <Select
            label={w.sheet}
            data={sheets.map((name) => ({ value: name, label: hidden.includes(name) ? w.hidden(name) : name }))}
            value={inspection.sheet ?? null}
            onChange={(sheet) => sheet && read({ sheet, header_row: undefined, no_header: undefined })}
            allowDeselect={false}
            disabled={sheets.length === 1}
            error={refusalOf(refused, 'sheet')}
          />
        </Grid.Col>
      )}
      <Grid.Col span={{ base: 12, sm: 8 }}>
        <Radio.Group
          label={w.header}
          value={inspection.header ? 'yes' : 'no'}
          onChange={(value) => read({ no_header: value === 'no', header_row: undefined })}
          error={refusalOf(refused, 'no_header')}
        >
          <Stack gap="xs" mt="xs">
            <Radio value="yes" label={w.headerYes} />
            {inspection.header && (
              <NumberInput
                key={inspection.header_row}
                label={w.headerRow}
                description={w.headerRowHelp}
                defaultValue={inspection.header_row || 1}
                onChange={(n) => typeof n === 'number' && n > 0 && n !== inspection.header_row && row(n)}
                min={1}
                max={1_000_000}
                allowDecimal={false}
                clampBehavior="strict"
                w={220}
                ml={30}
                size="xs"
                error={refusalOf(refused, 'header_row')}
              />
            )}
            <Radio value="no" label={w.headerNo} />
          </Stack>
        </Radio.Group>
      </Grid.Col>
    </Grid>
  )
}
