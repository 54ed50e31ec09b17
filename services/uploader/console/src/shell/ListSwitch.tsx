import { Select } from '@mantine/core'
import { useList } from '@/api/list'
import { useWords } from '@/lang/lang'
import { words } from './words'

/** Chooses the list that members, templates and new imports are about. */
export function ListSwitch() {
  const w = useWords(words)
  const { list, setList, lists } = useList()
  const names = lists.length > 0 ? lists.map((l) => l.name) : [list]
  return (
    <Select
      aria-label={w.chooseList}
      data={names}
      value={list}
      onChange={(name) => name && setList(name)}
      allowDeselect={false}
      searchable={names.length > 10}
      size="xs"
      w={{ base: 130, xs: 180 }}
      comboboxProps={{ width: 240, position: 'bottom-start' }}
    />
  )
}
