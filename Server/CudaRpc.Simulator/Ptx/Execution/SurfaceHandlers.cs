using System.Numerics;
using CudaRpc.Simulator.Textures;

namespace CudaRpc.Simulator.Ptx.Execution;

/// <summary>
/// suld.b and sust.b: bytes of a surface A at the coordinates B, C and E, of which the first counts bytes. Elements are in D0 to D3; Target is
/// their number.
/// </summary>
internal static unsafe class SurfaceHandlers
{
    /// <summary>suld.b: zero where the access is outside and says zero.</summary>
    public static void Load<TElement, TRegister>(Worker worker, Instruction* instruction, uint mask)
        where TElement : unmanaged, IBinaryInteger<TElement>
        where TRegister : unmanaged, IBinaryInteger<TRegister>
    {
        uint inside = Locate(worker, instruction, mask, (uint)(sizeof(TElement) * instruction->Target));
        for (int element = 0; element < instruction->Target; element++)
        {
            var d = (TRegister*)worker.Register((&instruction->D0)[element]);
            for (uint rest = mask; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                d[lane] = (inside & (1u << lane)) == 0
                    ? TRegister.Zero
                    : TRegister.CreateTruncating(((TElement*)worker.Pointers[lane])[element]);
            }
        }
    }

    /// <summary>sust.b: nothing where the access is outside and says zero.</summary>
    public static void Store<TElement, TRegister>(Worker worker, Instruction* instruction, uint mask)
        where TElement : unmanaged, IBinaryInteger<TElement>
        where TRegister : unmanaged, IBinaryInteger<TRegister>
    {
        uint inside = Locate(worker, instruction, mask, (uint)(sizeof(TElement) * instruction->Target));
        for (int element = 0; element < instruction->Target; element++)
        {
            var d = (TRegister*)worker.Operand((&instruction->D0)[element]);
            for (uint rest = inside; rest != 0; rest &= rest - 1)
            {
                int lane = BitOperations.TrailingZeroCount(rest);
                ((TElement*)worker.Pointers[lane])[element] = TElement.CreateTruncating(d[lane]);
            }
        }
    }

    /// <summary>Fills the pointers of the lanes that access something, and returns which these are.</summary>
    private static uint Locate(Worker worker, Instruction* instruction, uint mask, uint bytes)
    {
        TextureAccess access = TextureAccess.Unpack(instruction->Aux);
        uint inside = 0;
        for (uint rest = mask; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            byte* place = Locate(worker, instruction, lane, access, bytes);
            worker.Pointers[lane] = place;
            inside |= place == null ? 0 : 1u << lane;
        }

        return inside;
    }

    private static byte* Locate(Worker worker, Instruction* instruction, int lane, in TextureAccess access, uint bytes)
    {
        ulong number = ((ulong*)worker.Operand(instruction->A))[lane];
        SurfaceObject? surface = worker.Launch.Module.Textures.FindSurface(number);
        byte* start = surface is null ? null : surface.Image.Resolve(worker.Launch.Memory);
        if (start == null)
        {
            worker.Fault(DeviceFaultKind.IllegalAddress, instruction, 1u << lane, $"0x{number:x} is no surface of this context, or one whose memory was freed", number);
        }

        TexelImage image = surface!.Image;
        int* operands = &instruction->B;
        int first = access.IsLayered ? 1 : 0;
        int slice = access.IsLayered ? Coordinate(worker, operands[0], lane)
            : access.Coordinates > 2 ? Coordinate(worker, operands[2], lane) : 0;
        int x = Coordinate(worker, operands[first], lane);
        int y = access.Coordinates > 1 ? Coordinate(worker, operands[first + 1], lane) : 0;
        long rowBytes = (long)image.Width * image.Format.Bytes;
        if (bytes > rowBytes || x < 0 || x > rowBytes - bytes || (uint)y >= image.Height || (uint)slice >= image.Slices)
        {
            switch ((SurfaceBoundary)access.Extra)
            {
                case SurfaceBoundary.Zero:
                    return null;
                case SurfaceBoundary.Clamp when bytes <= rowBytes:
                    x = (int)Math.Clamp(x, 0, rowBytes - bytes);
                    y = Math.Clamp(y, 0, (int)image.Height - 1);
                    slice = Math.Clamp(slice, 0, (int)image.Slices - 1);
                    break;
                default:
                    worker.Fault(
                        DeviceFaultKind.IllegalAddress, instruction, 1u << lane, $"an access of {bytes} bytes at ({x}, {y}, {slice}) outside a surface");
                    break;
            }
        }

        if (x % bytes != 0)
        {
            worker.Fault(DeviceFaultKind.MisalignedAddress, instruction, 1u << lane, $"an access of {bytes} bytes at byte {x} of a surface");
        }

        return start + ((ulong)slice * image.SlicePitch) + ((ulong)y * image.RowPitch) + (ulong)x;
    }

    private static int Coordinate(Worker worker, int operand, int lane) => ((int*)worker.Operand(operand))[lane];
}
