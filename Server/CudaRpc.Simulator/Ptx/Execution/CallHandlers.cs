using System.Numerics;
using System.Text;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// Functions that the driver provides. Operands are constants: the local offsets of parameters, then of the result.
/// </summary>
internal static unsafe class CallHandlers
{
    // A string of a device program that is longer has no end.
    private const int LongestString = 64 * 1024;

    /// <summary>trap.</summary>
    public static void Trap(Worker worker, Instruction* instruction, uint mask) =>
        worker.Fault(DeviceFaultKind.Trap, instruction, mask, "trap");

    /// <summary>An indirect call of A, which is the address of no function that could be meant.</summary>
    public static void NoFunction(Worker worker, Instruction* instruction, uint mask)
    {
        ulong address = ((ulong*)worker.Operand(instruction->A))[BitOperations.TrailingZeroCount(mask)];
        worker.Fault(DeviceFaultKind.InvalidProgramCounter, instruction, mask, $"call of 0x{address:x}, which is no function to call here", address);
    }

    /// <summary>int vprintf(const char* format, va_list arguments): goes to standard output. The result counts the conversions.</summary>
    public static void Printf(Worker worker, Instruction* instruction, uint mask)
    {
        var text = new StringBuilder();
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            string format = ReadString(worker, instruction, rest, Argument(worker, instruction->A, lane));
            ulong arguments = Argument(worker, instruction->B, lane);
            byte* Read(uint offset, uint bytes)
            {
                byte* pointer = worker.ResolveOne(arguments + offset, bytes, lane);
                if (pointer is null)
                {
                    const string Detail = "illegal address of printf arguments";
                    worker.Fault(DeviceFaultKind.IllegalAddress, instruction, rest, Detail, arguments + offset);
                }

                return pointer;
            }

            int conversions = PrintfFormatter.Append(text, format, Read, address => ReadString(worker, instruction, rest, address));
            *(int*)Local(worker, instruction->C, lane) = conversions;
        }

        // One write: lines of different threads do not mix.
        Console.Out.Write(text.ToString());
    }

    /// <summary>void __assertfail(const char* message, const char* file, unsigned line, const char* function, size_t charSize).</summary>
    public static void AssertFail(Worker worker, Instruction* instruction, uint mask)
    {
        int lane = BitOperations.TrailingZeroCount(mask);
        string message = ReadString(worker, instruction, mask, Argument(worker, instruction->A, lane));
        string file = ReadString(worker, instruction, mask, Argument(worker, instruction->B, lane));
        uint line = *(uint*)Local(worker, instruction->C, lane);
        string function = ReadString(worker, instruction, mask, Argument(worker, instruction->E, lane));
        worker.Fault(DeviceFaultKind.Assert, instruction, mask, $"{file}:{line}: {function}: assertion `{message}` failed");
    }

    private static ulong Argument(Worker worker, int operand, int lane) => *(ulong*)Local(worker, operand, lane);

    private static byte* Local(Worker worker, int operand, int lane) => worker.LocalAt(((ulong*)worker.Operand(operand))[lane], lane);

    private static string ReadString(Worker worker, Instruction* instruction, uint lanes, ulong address)
    {
        int lane = BitOperations.TrailingZeroCount(lanes);
        var bytes = new List<byte>();
        while (bytes.Count < LongestString)
        {
            byte* next = worker.ResolveOne(address + (ulong)bytes.Count, 1, lane);
            if (next is null)
            {
                worker.Fault(DeviceFaultKind.IllegalAddress, instruction, lanes, $"illegal address of a string 0x{address:x}", address);
            }

            if (*next == 0)
            {
                break;
            }

            bytes.Add(*next);
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
