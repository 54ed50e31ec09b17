import { notifications } from '@mantine/notifications'
import { useMutation } from '@tanstack/react-query'
import { useLang } from '@/lang/lang'
import { words } from '@/words'
import { sentenceOf } from './Failure'

/** Tells of something that is done, in a corner of the screen. */
export const tell = (message: string) => notifications.show({ message, color: 'ink' })

/** useAct is a mutation that tells people how it went: `done` when it did, the API's own sentence when it did not. */
export function useAct<In = void, Out = unknown>(
  act: (input: In) => Promise<Out>,
  options: { done?: string | ((out: Out) => string); then?: (out: Out, input: In) => unknown; quiet?: boolean } = {},
) {
  const { lang } = useLang()
  return useMutation<Out, Error, In>({
    mutationFn: act,
    onSuccess: async (out, input) => {
      const said = typeof options.done === 'function' ? options.done(out) : options.done
      if (said) tell(said)
      await options.then?.(out, input)
    },
    onError: (error) => {
      if (!options.quiet) {
        notifications.show({
          color: 'red',
          title: words[lang].failed,
          message: sentenceOf(error, lang),
          autoClose: 12000,
        })
      }
    },
  })
}
